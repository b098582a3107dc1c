import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { jobQuery } from "@/api/jobs";
import { Ended } from "./Ended";
import { Finished } from "./Finished";
import { NoJob } from "./NoJob";
import { Underway } from "./Underway";
import { useLiveJob } from "./useLiveJob";
import styles from "./Result.module.css";

/** One job: how far it is, what came of it, or why nothing did. */
export default function ResultPage() {
  const { id = "" } = useParams();
  const { data: job, error } = useQuery(jobQuery(id));
  useLiveJob(job);
  if (job === undefined)
    return error === null ? <p className={styles["loading"]}>Loading …</p> : <NoJob error={error} />;
  if (error !== null && "status" in error && (error.status === 404 || error.status === 410))
    return <NoJob error={error} />;
  if (job.status === "finished") return <Finished key={job.id} job={job} />;
  return job.status === "failed" || job.status === "cancelled" ? <Ended job={job} /> : <Underway job={job} />;
}
