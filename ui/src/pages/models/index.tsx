import { useParams } from "react-router";
import { ModelList } from "./ModelList";
import { ModelPage } from "./ModelPage";

/** All models, or one of them. */
export default function ModelsPage() {
  const { reference } = useParams();
  return reference === undefined ? <ModelList /> : <ModelPage key={reference} reference={reference} />;
}
