using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Pipeline;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>What is kept in memory of every record: 48 bytes each.</summary>
internal sealed class RecordTable
{
    private readonly List<string> _files = [];
    private readonly List<int> _file = [];
    private readonly List<long> _line = [];
    private readonly List<int> _input = [];
    private readonly List<int> _output = [];
    private readonly List<AnswerEnd> _ending = [];
    private readonly List<int> _lastWord = [];
    private readonly List<ulong> _outcome = [];
    private readonly List<bool> _closed = [];
    private readonly List<double> _score = [];

    public int Count => _line.Count;

    public void Add(RecordAnalysis analysis)
    {
        _file.Add(FileNumber(analysis.Record.SourceFile));
        _line.Add(analysis.Record.SourceLine);
        _input.Add(analysis.Length.Input);
        _output.Add(analysis.Length.Output);
        _ending.Add(analysis.Ending);
        _lastWord.Add(analysis.LastWord);
        _outcome.Add(analysis.Keys.Outcome);
        _closed.Add(analysis.Keys.IsClosed);
        _score.Add(analysis.Score);
    }

    public string? File(int record) => _file[record] < 0 ? null : _files[_file[record]];

    public long Line(int record) => _line[record];

    /// <summary>Words or tokens of the input.</summary>
    public int Input(int record) => _input[record];

    /// <summary>Words or tokens of the answer; -1 where there is none.</summary>
    public int Output(int record) => _output[record];

    public int Total(int record) => _input[record] + Math.Max(0, _output[record]);

    public AnswerEnd Ending(int record) => _ending[record];

    /// <summary>Place of the answer's last word among the words of the set; -1 where it ends in none.</summary>
    public int LastWord(int record) => _lastWord[record];

    /// <summary>Hash of the label, tags or answer.</summary>
    public ulong Outcome(int record) => _outcome[record];

    /// <summary>Whether different outcomes contradict each other.</summary>
    public bool IsClosed(int record) => _closed[record];

    public double Score(int record) => _score[record];

    private int FileNumber(string? file)
    {
        if (file is null)
        {
            return -1;
        }

        if (_files.Count == 0 || !ReferenceEquals(_files[^1], file))
        {
            var known = _files.IndexOf(file);
            if (known >= 0)
            {
                return known;
            }

            _files.Add(file);
        }

        return _files.Count - 1;
    }
}
