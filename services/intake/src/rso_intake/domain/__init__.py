"""What intake decides. Pure: no clock, no database, no network; time and ids come inside the commands."""
