"""The page that `report` writes: figures as charts and tables, in one file that needs nothing else."""
