"""How public events leave by webhook: guarded, signed, in order per case, again and again."""
