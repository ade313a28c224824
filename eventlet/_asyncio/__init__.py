"""What `eventlet.asyncio` is made of. Everything here imports asyncio."""
