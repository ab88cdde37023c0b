"""The aggregator: what all agents measured, as one topology.

- `core` and what it is made of (`members`, `intake`, `links`, `peers`, `publication`, `costs`,
  `rejections`): pure; events and time in, actions out.
- `broker`, `http_api`, `kubernetes`: the ways in and out; `program` ties them.
"""
