"""The netcore scheduler: watch, queue, plan, bind and explain."""
