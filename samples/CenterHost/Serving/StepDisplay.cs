using System.Globalization;
using CardIssue.Center.Sessions;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Serving;

/// <summary>Shows the steps on standard output, a line each, as text or JSON. They are redacted where they are made.</summary>
internal sealed class StepDisplay(Answers answers) : IProgress<CenterProgress>
{
    private readonly Lock _turn = new();

    public void Report(CenterProgress value) => Write(
        new { at = value.At.UtcDateTime, step = value.Step, session = value.Session, text = value.Text },
        $"{value.At.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {value.Step,-4} {value.Session} {ErrorAnswer.OneLine(value.Text)}");

    public void Ready(int line, string place) => Write(new { ready = true, line, listen = place }, $"ready line {line} {place}");

    public void Gone(int line, string place) => Write(new { ready = false, line, listen = place }, $"gone line {line} {place}");

    public void Linked(string place) => Write(new { link = place }, $"link {place}");

    public void Monitored(string place) => Write(new { monitoring = place }, $"monitoring {place}");

    private void Write(object value, string text)
    {
        lock (_turn)
        {
            answers.Output.WriteLine(answers.IsJson ? Answers.ToJson(value) : text);
            answers.Output.Flush();
        }
    }
}
