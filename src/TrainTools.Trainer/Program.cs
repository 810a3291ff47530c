using TrainTools.Trainer.Export;
using TrainTools.Trainer.Generation;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Training;

return new TrainerProgram(new RunEngine(), new TextGeneratorFactory(), new ModelExporter()).Main(args);
