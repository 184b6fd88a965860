"""One module a rule, each with its RULE: what it reads, how it judges, what it says. Nothing else lists them."""
