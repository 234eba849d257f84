"""Caption cleaning gives what upstream's does: the expected texts were recorded with upstream's own function."""

import pytest

from app.models.networks.caption import clean
from app.models.open_sora.caption import trained_caption

RECORDED = [
    ("A red fox runs over the snow. aesthetic score: 6.5.", "a red fox runs over the snow. aesthetic score: 6.5."),
    ("A <b>bold</b> &amp; quiet fox &lt;3", "a bold quiet fox <3"),
    ("See https://example.com/a?b=1 or www.example.org/page for more", "see ?b=1 or for more"),
    ("mail me at someone@example.com, @nickname!", "mail me at someone , !"),
    ("a%20b+c 100%", "a b c 100%"),
    ("a white dog — “very” happy, isn’t it?", 'a white dog - "very" happy, isn\'t it?'),
    ("this-is-my-cute-cat on this_is_my_sofa", "this is my cute cat on this is my sofa"),
    ("well-known fox", "well-known fox"),
    ("日本 a cat 猫 in 京都", "a cat in"),
    ("photo IMG_01.png of a cat, 1920x1080 jpg image, 3.5×4", "photo of a cat,"),
    ("free shipping worldwide shipping, free download, click for more", ""),
    ("item jc6640 jc6640vc 6640vc231 j2d1a2a #12 #1234 #12345 1234567", "item 1234"),
    ("at 192.168.0.1 on page 12", "at on"),
    ("***BIG*** (bracket) [x] {y} a/b a\\b a|b ~", "big bracket x y a b a b a b"),
    ("wait... what? 12:30 ", "wait what? 12:30"),
    ('"quoted caption"', "quoted caption"),
    ("'single'", "single"),
    (",leading comma", "leading comma"),
    ("trailing dash-", "trailing dash"),
    ("ﬁne ｆｕｌｌ width", "fine full width"),
    ("café naïve Café", "café naïve café"),
    ("one.two,three/four", "one. two, three four"),
    ("U.S.A. today", "u. s. a. today"),
    ("<script>var x = 1;</script>a <i>fox</i><!-- note -->", "a fox"),
    ("a < b and c > d", "a < b and c > d"),
    ("&quot;hello&quot; &eacute; &#233;", '"hello" é é'),
    ("epstein mp4 covid19 4k", "tein covid19 4k"),
    ("10 : 30", "10: 30"),
    ("\\n literal \\n newline", "literal newline"),
    ("İstanbul STRASSE", "i̇stanbul strasse"),
    (".hidden", ""),
]


@pytest.mark.parametrize(("caption", "expected"), RECORDED)
def test_cleaning_equals_upstreams(caption: str, expected: str):
    assert clean(caption) == expected


def test_the_aesthetic_score_is_appended_before_cleaning():
    assert trained_caption("A Red Fox") == "a red fox aesthetic score: 6.5."
    assert trained_caption("a fox, aesthetic score: 5.0.") == "a fox, aesthetic score: 5.0."


def test_a_prompt_of_residue_alone_is_refused():
    with pytest.raises(ValueError, match=r"nothing is left of 'www\.example\.com'"):
        trained_caption("www.example.com")
