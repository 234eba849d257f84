"""Caption cleaning as Open-Sora and Open-Sora-Plan were trained with: web residue out, plain quotes and dashes.

Same results as upstream (Open-Sora v1.2.0, opensora/models/text_encoder/t5.py) with the standard library alone,
but for text in a wrong encoding ("cafÃ©"), which upstream's ftfy guesses back and this leaves as it is.
"""

import html
import re
import unicodedata
from html.entities import html5
from html.parser import HTMLParser
from urllib.parse import unquote_plus

FILE_TYPES = "png|jpg|jpeg|bmp|webp|eps|pdf|apk|mp4"
SLASHES = "(?:/{1,3}|[a-z0-9%])"
DOMAIN = r"[a-z0-9.-]+\.(?:com|co|ru|net|org|edu|gov|it)[\w/-]*\b/?(?!@)"

Rule = tuple[re.Pattern[str], str]


def _rules(*pairs: tuple[str, str]) -> tuple[Rule, ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in pairs)


LINKS = _rules(
    ("<person>", "person"),
    (rf"\b(?:https?:{SLASHES}|{DOMAIN})", ""),
    (rf"\b(?:www:{SLASHES}|{DOMAIN})", ""),
)
WEB_RESIDUE = _rules(
    (r"@\w+\b", ""),
    (r"[\u31c0-\u9fff]+", ""),  # CJK
    (
        r"[-\u058a\u05be\u1400\u1806\u2010-\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u301c\u3030\u30a0"
        r"\ufe31\ufe32\ufe58\ufe63\uff0d]+",
        "-",
    ),
    ("[`´«»“”¨]", '"'),
    ("[‘’]", "'"),
    ("&quot;?", ""),
    ("&amp", ""),
    (r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}", " "),
    (r"\d:\d\d\s+$", ""),
    (r"\\n", " "),
    (r"#\d{1,3}\b", ""),
    (r"#\d{5,}\b", ""),
    (r"\b\d{6,}\b", ""),
    (rf"\S+\.(?:{FILE_TYPES})", ""),
    (r"[\"']{2,}", '"'),
    (r"\.{2,}", " "),
    (r"[][#®•©™&@·º½¾¿¡§~(){}|\\/*]+", " "),
    (r"\s+\.\s+", " "),
)
SHOP_RESIDUE = _rules(
    (r"\b[a-zA-Z]{1,3}\d{3,15}\b", ""),
    (r"\b[a-zA-Z]+\d+[a-zA-Z]+\b", ""),
    (r"\b\d+[a-zA-Z]+\d+\b", ""),
    (r"(?:worldwide\s+)?(?:free\s+)?shipping", ""),
    (r"(?:free\s)?download(?:\sfree)?", ""),
    (r"\bclick\b\s(?:for|on)\s\w+", ""),
    (rf"\b(?:{FILE_TYPES})(?:\simages?)?", ""),
    (r"\bpage\s+\d+\b", ""),
    (r"\b\d*[a-zA-Z]+\d+[a-zA-Z]+\d+[a-zA-Z\d]*\b", " "),
    (r"\b\d+\.?\d*[xх×]\d+\.?\d*\b", ""),
    (r"\b\s+:\s+", ": "),
    (r"(\D[,./])\b", r"\1 "),
    (r"\s+", " "),
    (r"^[\"']([\w\W]+)[\"']$", r"\1"),
    (r"^['_,\-:;]", ""),
    (r"['_,\-:+]$", ""),
    (r"^\.\S+$", ""),
)
JOINERS = re.compile("[-_]")

QUOTES = str.maketrans("\u02bc\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f", "'''''\"\"\"\"")
COMPATIBILITY = re.compile(r"[\ufb00-\ufb06\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\u3000\uff01-\uffef]+")
INVISIBLE = re.compile(r"\x1b\[\d*(?:;\d+)*[a-zA-Z]|[\x00-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffb]")


def cleaned_prompt(prompt: str) -> str:
    """A prompt cleaned; a ValueError where that leaves nothing of it."""
    if not (caption := clean(prompt)):
        raise ValueError(f"nothing is left of {prompt!r} once links, file names and symbols are removed")
    return caption


def clean(caption: str) -> str:
    """Clean a caption, twice: what the first pass uncovers, the second removes (upstream does so)."""
    return _clean_once(_clean_once(caption))


def _clean_once(caption: str) -> str:
    caption = _apply(LINKS, unquote_plus(caption).strip().lower())
    caption = _apply(WEB_RESIDUE, _without_tags(caption))
    if len(JOINERS.findall(caption)) > 3:
        caption = JOINERS.sub(" ", caption)
    caption = html.unescape(html.unescape(_plain(caption))).strip()
    return _apply(SHOP_RESIDUE, caption).strip()


def _apply(rules: tuple[Rule, ...], text: str) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def _plain(text: str) -> str:
    """Typographic variants of letters and quotes as plain ones, nothing invisible."""
    text = COMPATIBILITY.sub(lambda match: unicodedata.normalize("NFKC", match[0]), html.unescape(text))
    return unicodedata.normalize("NFC", INVISIBLE.sub("", text.translate(QUOTES)))


def _without_tags(text: str) -> str:
    reader = _TagReader()
    reader.feed(text)
    reader.close()
    return "".join(reader.text)


class _TagReader(HTMLParser):
    """Collects the text between tags; scripts and styles are none."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text: list[str] = []
        self.code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.code += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.code -= tag in ("script", "style") and self.code > 0

    def handle_data(self, data: str) -> None:
        if not self.code:
            self.text.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(html5.get(f"{name};", f"&{name}"))

    def handle_charref(self, name: str) -> None:
        self.handle_data(html.unescape(f"&#{name};"))
