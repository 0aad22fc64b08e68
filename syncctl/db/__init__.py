"""The database: the procedure contract and the engines that serve it."""
