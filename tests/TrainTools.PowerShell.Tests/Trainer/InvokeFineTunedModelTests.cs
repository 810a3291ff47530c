using System.Management.Automation;
using System.Text.Json;

namespace TrainTools.PowerShell.Tests.Trainer;

[Collection(TrainerCollection.Name)]
public sealed class InvokeFineTunedModelTests(CompletedRun done)
{
    [Fact]
    public void Greedy_text_is_the_models_documented_one()
    {
        // The first words that llama2.c's own documentation gives for this model.
        var text = Assert.Single(done.Shell.Output("Invoke-FineTunedModel $args[0] 'Once upon a time' -MaxNewTokens 24", Example.Model));
        Assert.StartsWith(", there was a little girl named Lily. She loved to play", (string)text.Get("Text")!, StringComparison.Ordinal);
        Assert.Equal(24, text.Get("Tokens"));
        Assert.Equal("length", text.Get("FinishReason"));
    }

    [Fact]
    public void Prompts_of_a_pipeline_go_to_one_process()
    {
        var texts = done.Shell.Output("'One', 'Two', 'Three' | Invoke-FineTunedModel -Path $args[0] -MaxNewTokens 2", Example.Model);
        Assert.Equal([0, 1, 2], texts.Select(t => t.Get("Index")));
        Assert.Equal(["One", "Two", "Three"], texts.Select(t => t.Get("Prompt")));
    }

    [Fact]
    public void Sampling_follows_its_seed()
    {
        var texts = done.Shell.Output(
            """
            $common = @{ Path = $args[0]; Prompt = 'Once'; MaxNewTokens = 12; Temperature = 1.5; TopK = 50; TopP = 0.95 }
            Invoke-FineTunedModel @common -Seed 1
            Invoke-FineTunedModel @common -Seed 1
            Invoke-FineTunedModel @common -Seed 2
            """, Example.Model).Select(t => t.Get("Text")).ToList();
        Assert.Equal(texts[0], texts[1]);
        Assert.NotEqual(texts[0], texts[2]);
    }

    [Fact]
    public void A_run_folder_stands_for_its_model()
    {
        var texts = done.Shell.Output("Invoke-FineTunedModel $args[0] 'Hi' -MaxNewTokens 4; Invoke-FineTunedModel $args[1] 'Hi' -MaxNewTokens 4; Invoke-FineTunedModel (Get-FineTuneRun $args[0]) 'Hi' -MaxNewTokens 4", done.Path, done.Run.Get("ModelPath"));
        Assert.Equal(texts[0].Get("Text"), texts[1].Get("Text"));
        Assert.Equal(texts[0].Get("Text"), texts[2].Get("Text"));
    }

    [Fact]
    public void A_model_that_is_not_there_is_one_error_however_many_prompts_there_are()
    {
        var error = done.Shell.Error("'a', 'b', 'c' | Invoke-FineTunedModel -Path nowhere");
        Assert.StartsWith("ModelFolderNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
    }

    [Fact]
    public void The_backend_is_described_without_loading_it_here()
    {
        var report = Assert.Single(done.Shell.Output("Get-TrainingBackend"));
        Assert.Equal("2.10.0", report.Get("LibTorchVersion"));
        Assert.NotEmpty((string)report.Get("CudaReason")!);
        Assert.Contains("cpu", JsonSerializer.Serialize(report.Get("Devices")), StringComparison.Ordinal);
        Assert.DoesNotContain(AppDomain.CurrentDomain.GetAssemblies(), a => a.GetName().Name == "TorchSharp");
    }
}
