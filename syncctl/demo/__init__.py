"""A simulated store, and the demonstration that runs the whole chain against it."""
