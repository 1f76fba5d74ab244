"""The bank agent: an HTTP server that takes orders for a bank, holds, and answers.

A bank can run it in front of its core; simulations and tests run it with faults on demand.
"""

from holdfast.banks.agent.accounts import BankAccount, read_accounts
from holdfast.banks.agent.book import Book
from holdfast.banks.agent.faults import AgentFault
from holdfast.banks.agent.rows import OrderState
from holdfast.banks.agent.serve import AgentOptions, serve_agent

__all__ = [
    "AgentFault",
    "AgentOptions",
    "BankAccount",
    "Book",
    "OrderState",
    "read_accounts",
    "serve_agent",
]
