"""From the files of runs to numbers, words and pages."""
