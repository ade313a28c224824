"""What `patcher` is made of."""
