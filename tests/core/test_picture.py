"""The picture of the catalogue: current in the repository, well-formed, and nothing runs out of its card."""

from __future__ import annotations

from xml.etree import ElementTree

from generator.load import load
from generator.picture import CARD, as_svg
from tests.conftest import ROOT

WIDEST = {"name": 8.4, "small": 7.2, "title": 10.5}  # pixels a character takes in these sizes, generously


def test_the_picture_in_the_repository_is_current() -> None:
    drawn = (ROOT / "docs/catalogue.svg").read_text()
    assert drawn == as_svg(load(ROOT)), "Run catalog picture > docs/catalogue.svg."


def test_every_product_is_in_it_and_fits() -> None:
    catalogue = load(ROOT)
    texts = list(ElementTree.fromstring(as_svg(catalogue)).iter("{http://www.w3.org/2000/svg}text"))
    names = [each for each in texts if each.get("class") == "name"]
    assert {str(each.text).split(" ")[0] for each in names} == set(catalogue.products)
    for each in names:
        assert len(str(each.text)) * WIDEST["name"] < CARD[0] - 22, each.text
