"""The differential run: the same request gets the same answer at every stage.

grammar    requests from a seed: a plain one, changed by one or two edges
wire       how a request looks on the wire, and what came back, as plain values
orders     records: two SQLite stores of other tables, columns and scales; order_requests their requests
entries    interface: a service of the tests' own on both sides; entry_requests its requests
routing    the contract's routing table: who is visible at a stage, and which sides a write changes
allowed    the differences that the contract allows, each with its sentence; and known faults
run        every request at every stage, judged, and the table of what was seen
"""
