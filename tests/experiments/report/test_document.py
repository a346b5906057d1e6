"""The page in a real browser: everything is drawn, nothing sticks out."""

import html
import json
import re
import shutil
import subprocess

import pytest

from experiments.configs.schema import layer
from experiments.report.report import write_report

PROBE = """
<script>
addEventListener("load", () => {
  dispatchEvent(new Event("beforeprint"));
  const paper = PAPER;
  if (paper) {
    for (const rule of document.styleSheets[0].cssRules)
      if (rule.conditionText === "print") rule.media.mediaText = "all";
    document.documentElement.style.width = `${paper}px`;
  }
  const limit = (paper || innerWidth) + 1;
  const wide = (each) =>
    each.getBoundingClientRect().right > limit && !each.closest("svg");
  const inside = (each) =>
    !paper && each.closest(".scroll, figure, pre") !== null;
  const images = [...document.querySelectorAll("figure > *")];
  const box = (each) => each.getBoundingClientRect();
  parent.postMessage(JSON.stringify({
    width: innerWidth,
    scroll: document.documentElement.scrollWidth,
    images: images.length,
    undrawn: images.filter(
      (each) => !(each.naturalWidth || each.querySelector("text"))
    ).length,
    scales: images.map(
      (each) => box(each).width
        / parseFloat(each.parentElement.style.getPropertyValue("--width"))
    ),
    heights: images.map((each) => box(each).height),
    wide: [...document.querySelectorAll("body *")]
      .filter((each) => wide(each) && !inside(each))
      .map((each) => each.outerHTML.slice(0, 80)),
    dark: getComputedStyle(document.body).backgroundColor,
  }), "*");
});
</script>
"""
# Browsers have a least width; frames have none.
FRAME = """
<iframe src="probed.html" width="WIDTH" height="900" style="border: 0">
</iframe>
<script>
addEventListener("message", (event) => { document.title = event.data; });
</script>
"""


@pytest.fixture
def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return pytest.skip("no Chromium here, so no page is rendered")


@pytest.fixture(scope="module")
def page(make_run_in, draw_right, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    names = (
        "baseline",
        "an arm of a name that is much too long for any table",
        "$x_1$ <b>",
        *(f"random_erase_{number}" for number in range(8)),
    )
    folders = [
        make_run_in(
            folder,
            name,
            seed,
            draw_right(50 + number, 10 * number + seed),
            augment=(
                (layer("RandomErasing", scale=(0.02, 0.1 + number / 50)),)
                if number % 3 == 0
                else ()
            ),
        )
        for number, name in enumerate(names)
        for seed in range(2)
    ]
    write_report(folders, folder / "out", "Study", study="mine")
    return folder / "out" / "index.html"


@pytest.fixture
def browse(browser, tmp_path):
    """Opens a page in the browser, with further arguments; its output."""

    def run(path, *arguments):
        return subprocess.run(
            [
                browser,
                *("--headless", "--no-sandbox", "--disable-gpu"),
                *("--no-first-run", "--disable-background-networking"),
                *("--disable-component-update", "--disable-quic"),
                *("--disable-sync", "--enable-logging=stderr"),
                f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=5000",
                *arguments,
                path.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )

    return run


@pytest.fixture
def probe(browse):
    """The findings of `PROBE` in a page."""

    def run(page, width, *arguments, paper="null"):
        script = PROBE.replace("PAPER", str(paper))
        text = page.read_text().replace("</main>", f"</main>{script}")
        page.with_name("probed.html").write_text(text)
        frame = page.with_name("frame.html")
        frame.write_text(FRAME.replace("WIDTH", str(width)))
        size = "--window-size=1400,1000"
        done = browse(frame, size, "--dump-dom", *arguments)
        assert "CONSOLE" not in done.stderr
        title = re.search(r"<title>(.*?)</title>", done.stdout, re.S)[1]
        return json.loads(html.unescape(title))

    return run


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("dark", [False, True])
def test_page_is_drawn_whole(probe, page, width, dark):
    found = probe(page, width, *(["--force-dark-mode"] if dark else []))
    assert found["width"] == width
    assert found["images"] == 8
    assert found["undrawn"] == 0
    assert found["wide"] == []
    assert found["scroll"] <= width
    # Letters of 10 points have half their size at least.
    assert min(found["scales"]) >= 0.5
    assert max(found["scales"]) <= 1.01
    colors = [int(each) for each in re.findall(r"\d+", found["dark"])]
    assert (sum(colors) < 3 * 128) == dark


def test_printing_gives_all_of_it(browse, page):
    def count_images(page):
        pdf = page.with_suffix(".pdf")
        browse(page, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
        content = pdf.read_bytes()
        assert content.startswith(b"%PDF")
        assert 4 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 20
        return len(re.findall(rb"/Subtype\s*/Image\b", content))

    folded = page.with_name("folded.html")
    folded.write_text(page.read_text().replace("each.open = true", ""))
    # A heat map an arm is folded.
    assert count_images(page) >= count_images(folded) + 11


def test_a_page_of_eleven_arms_is_small(page):
    assert page.stat().st_size < 1_000_000


@pytest.mark.parametrize("width", [1280, 400])
def test_on_paper_nothing_is_wider_than_a_page_or_higher(probe, page, width):
    # A4, without its margins.
    found = probe(page, width, paper=718)
    assert found["wide"] == []
    assert max(found["heights"]) <= 18 / 2.54 * 96 + 1
