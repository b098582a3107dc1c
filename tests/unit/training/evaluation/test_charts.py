import re

from facies.training.evaluation.charts import curve_chart


def test_a_long_name_leaves_room_for_the_curves():
    name = "great white shark, white shark, man-eater, man-eating shark"
    curve = {"name": name, "share": 0.5, "roc": ([0.0, 1.0], [0.0, 1.0]), "roc_area": 0.5}
    chart = curve_chart([curve], "roc")
    assert ">great white shark, white sh… 0.500<" in chart
    assert min(float(x) for x in re.findall(r'class="key" x="([-0-9.]+)"', chart)) > 46
