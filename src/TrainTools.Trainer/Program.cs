using TrainTools.Trainer.Generation;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Training;

return new TrainerProgram(new RunEngine(), new TextGeneratorFactory()).Main(args);
