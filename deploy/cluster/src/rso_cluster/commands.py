"""What this package adds to the `rso` command."""
