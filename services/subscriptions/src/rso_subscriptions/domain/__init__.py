"""Pure decisions: endpoints, grants, who is too small, when to try again."""
