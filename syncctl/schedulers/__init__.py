"""The programs that start jobs: what an entry of ours looks like in each, and how it gets there and away again."""
