"""The institutions' side of an order: messages, signatures, delivery, a bank agent, a kit of checks."""
