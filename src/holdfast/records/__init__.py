"""What every change leaves: audit and its sealing, outbox, idempotency keys, due work."""
