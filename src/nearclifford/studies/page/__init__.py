"""One HTML page for the results of a study: it shows them to people who have neither the package nor a network."""

from nearclifford.studies.page.document import page_of, save_page

__all__ = ["page_of", "save_page"]
