"""The routes of intake: request model -> command, read model -> answer."""
