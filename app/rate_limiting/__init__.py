"""Rate limits: where hits are counted (`storage`) and how many are allowed (`limits`).

`limiter` in `extensions.py` is Flask-Limiter; views use it as a decorator.

To remove it: delete this package, `limiter` and the decorators.
"""
