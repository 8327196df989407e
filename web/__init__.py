"""HTTP that is not a page: the sign-in edge, webhooks, health."""

from web.entry import lifespan, middleware, routes

__all__ = ["lifespan", "middleware", "routes"]
