"""The demonstration site: published totals with invented matters, made by a seeded generator.

Everything passes the ordinary services. What happens stands in documents (``site.toml``: accounts,
lists and the published numbers; ``lives.toml``: how matters are handled; ``texts.toml``: words;
``recent.toml``: the work of the days around loading; ``lists/``: lists walked by their kinds' own
documents); the code draws and dates it.
"""
