"""The demo: emulate a network, measure it, place an application three ways, compare."""
