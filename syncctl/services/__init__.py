"""Use cases, one module each: no SQL, no Typer; each takes what it needs and returns a result."""
