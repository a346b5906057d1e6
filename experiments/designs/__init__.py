"""Designs of studies: which runs are made, as results come in.

A design has a `title`, and `list_rounds`, which yields the runs of each round
and goes on when they are trained; `is_trying` tells if they are trials, which
may diverge. Then `is_decided` tells if the study can be reported, and
`write_report` writes its pages.
"""
