"""What the outside hears: closed shapes, and the pure way from internal facts to them."""
