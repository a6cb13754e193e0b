"""The decision log: what was decided, on what, by which model; durable before it is answered.

``python -m credit_risk.decisions --help`` lists what can be done with one;
``docs/decision_log.md`` says what it guarantees and what not.
"""
