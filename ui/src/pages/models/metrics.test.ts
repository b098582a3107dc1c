import { describe, expect, it } from "vitest";
import { scoredSets, splitOf } from "./metrics";

const METRICS = {
  split: "5 folds by group",
  decision_at: 0.42,
  survey: {
    pictures: 1646,
    groups: 23,
    auc: { value: 0.86, low: 0.8, high: 0.91 },
    positive_recall: { value: 0.57, low: 0.42, high: 0.72 },
    ece: { value: 0.04, low: 0.03, high: 0.1 },
  },
  synthetic_unseen: { iou: { sandstone: { value: 0.18, low: 0.05, high: 0.38 } } },
  domain: { photos: 23, strangers: { "core photos": { flagged: 0.9, auroc: { value: 0.99, low: 0.98, high: 1 } } } },
  agreement: { openvino_f32: { largest_difference: 0.1, equal_labels: 1 } },
};

describe("metrics", () => {
  const [survey, drawn, domain, ...more] = scoredSets(METRICS, "bleached");

  it("are shown set by set, with how much was measured", () => {
    expect(survey).toMatchObject({ name: "Survey", size: "1,646 pictures, 23 groups" });
    expect(survey?.scores[0]).toMatchObject({ name: "AUC", value: 0.86, low: 0.8, high: 0.91 });
  });

  it("are named for what they are of", () => {
    expect(survey?.scores[1]?.name).toBe("Recall of bleached");
    expect(drawn?.scores[0]?.name).toBe("IoU of sandstone");
    expect(drawn?.name).toBe("Synthetic unseen");
    expect(domain?.scores[0]?.name).toBe("Told from core photos (AUROC)");
  });

  it("say where less is better", () => {
    expect(survey?.scores.map((score) => score.isLowerBetter)).toEqual([false, false, true]);
  });

  it("leave out what has no interval", () => {
    expect(more).toEqual([]);
  });

  it("come with their split, if the package names one", () => {
    expect(splitOf(METRICS)).toBe("5 folds by group");
    expect(splitOf({})).toBe("");
  });
});
