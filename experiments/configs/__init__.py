"""What an experiment is: the fields, the recipes, their names."""
