from facies.reports.photos import summary_row, summary_table


def core(*found):
    """What a segmenter says of a photo, all of these rock types having the same share."""
    classes = [{"name": name, "pixels": 600 // len(found), "share": 1 / len(found)} for name in found]
    return {"model": "rock@1.0.0", "width": 20, "height": 30, "classes": classes}


def test_what_a_photo_has_nothing_of_is_0_and_what_is_not_known_is_empty():
    rows = [
        summary_row("a.jpg", None, core("sandstone", "mudstone")),
        summary_row("b.jpg", None, core("mudstone")),
        summary_row("c.jpg", "The file is empty.", None),
    ]
    table = summary_table(rows)
    assert [row["sandstone_pixels"] for row in table] == [300, 0, ""]
    assert [row["mudstone_share"] for row in table] == [0.5, 1.0, ""]


def test_a_model_is_asked_only_about_what_it_knows():
    tiles = {"total": 2, "by_class": {"bleached": 1, "healthy": 1}}
    reef = {"model": "reef@1.0.0", "width": 9, "height": 9, "tiles": tiles}
    domain = {"domain": {"score": 1.2, "limit": 2.0, "out_of_domain": False}}
    table = summary_table([summary_row("a.jpg", None, core("crust")), summary_row("b.jpg", None, reef | domain)])
    assert [row["crust_pixels"] for row in table] == [600, ""]
    assert [row["domain_score"] for row in table] == ["", 1.2]
