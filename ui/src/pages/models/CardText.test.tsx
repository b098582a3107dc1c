// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { CardText } from "./CardText";

const HOSTILE = `# Title

## Where it *fails*

<script>alert(1)</script><img src=x onerror="alert(2)">

[fine](https://example.org) and [not](javascript:alert(3)) ![picture](https://elsewhere.example/p.png)

| score | value |
|---|---|
| AUC | 0.9 |
`;

afterEach(cleanup);

it("shows a stranger's card and runs and loads nothing of it", () => {
  const { container } = render(<CardText markdown={HOSTILE} />);
  expect(container.querySelectorAll("script, img, [onerror]")).toHaveLength(0);
  expect(screen.getByRole("link", { name: "fine" }).getAttribute("rel")).toContain("noopener");
  expect(screen.getByText("not").getAttribute("href") ?? "").not.toContain("javascript");
  expect(screen.getByRole("cell", { name: "0.9" })).toBeTruthy();
});

it("leaves the title to the page and puts the other headings below it", () => {
  render(<CardText markdown={HOSTILE} />);
  expect(screen.queryByText("Title")).toBeNull();
  expect(screen.getByRole("heading", { level: 3 }).textContent).toBe("Where it fails");
});
