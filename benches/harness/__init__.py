"""Results of the benchmarks as rows with bars, from criterion and from pytest alike.

`row` is what a measurement says and whether its bar holds; `bars` and `criterion` make rows of the
core's benchmarks, the fixture `report` (benches/conftest.py) those of the Python boundary;
`timing` measures two ways of doing one thing in turns; `table` shows the rows.
"""
