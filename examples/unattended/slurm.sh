#!/bin/bash
# Slurm job that goes on by itself until the run is complete.
#   sbatch --export=ALL,RUN=/path/to/runs/big,TRAINER=/path/to/TrainTools/trainer/TrainTools.Trainer.dll slurm.sh
# RUN is a run folder with config.yaml (Start-FineTune makes one; or: Import-TrainingConfig run.yaml |
# Export-TrainingConfig -Resolve "$RUN/config.yaml").
#SBATCH --job-name=traintools
#SBATCH --time=08:00:00
#SBATCH --cpus-per-task=8
#SBATCH --mem=32G
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log
# SIGTERM five minutes before the end of the job's time, to this script alone (B:), which hands it on.
#SBATCH --signal=B:TERM@300

set -u
: "${RUN:?set RUN to the run folder}" "${TRAINER:?set TRAINER to TrainTools.Trainer.dll}"

dotnet "$TRAINER" run "$RUN" --resume latest --stop-on Error &
trainer=$!
trap 'kill -TERM "$trainer"' TERM INT
wait "$trainer"
code=$?
# `wait` returns early (above 128) when a signal comes: the trainer is then writing its checkpoint. 127: it was waited for.
while [ "$code" -gt 128 ]; do
    wait "$trainer"
    again=$?
    [ "$again" -eq 127 ] && break
    code=$again
done

# 3: stopped with a checkpoint. Back into the queue, to go on.
if [ "$code" -eq 3 ] && [ -n "${SLURM_JOB_ID:-}" ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
