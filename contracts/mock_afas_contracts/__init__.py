"""Contracts that a client of AFAS Profit has to keep, judged by the end state of the books and by the traffic."""
