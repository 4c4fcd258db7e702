using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Products.Json;

namespace CardIssue.CenterHost.Orders;

/// <summary>A mistake, and the file that it is in.</summary>
internal sealed record FileMistake(string File, JsonMistake Mistake)
{
    /// <summary><c>file:line:column path: message</c>, a form that editors and terminals make a link of.</summary>
    public override string ToString() => $"{File}:{Mistake.Line}:{Mistake.Column}: {Mistake.Path}: {Mistake.Message}";
}

/// <summary>Tells all that is wrong with input files.</summary>
internal static class Mistakes
{
    public static IReadOnlyList<FileMistake> Of(JsonReading reading) => [.. reading.Mistakes.Select(mistake => new FileMistake(reading.Source, mistake))];

    /// <param name="call">Where to tell them.</param>
    /// <param name="mistakes">The mistakes.</param>
    /// <param name="more">How many more there are.</param>
    /// <param name="code">How the command ends.</param>
    /// <param name="taken">How many orders of the file are in all the same.</param>
    public static async Task<ExitCode> TellAsync(
        Call call, IReadOnlyList<FileMistake> mistakes, long more = 0, ExitCode code = ExitCode.Usage, long taken = 0)
    {
        foreach (var mistake in mistakes) await call.Answers.WarnAsync(mistake.ToString());
        if (more > 0) await call.Answers.WarnAsync($"And {more} more mistakes.");
        var end = $"{mistakes.Count + more} mistakes; " + (taken == 0 ? "nothing was taken in. Mend them and try again."
            : $"the first {taken} orders are in, and nothing more was taken in. Make a file of the others, without the mistakes.");
        if (call.Answers.IsJson)
            await call.Answers.SayAsync(new { ok = false, exitCode = (int)code, error = end, mistakes = mistakes.Select(m => new { file = m.File, line = m.Mistake.Line, column = m.Mistake.Column, path = m.Mistake.Path, message = m.Mistake.Message }) }, "");
        await call.Answers.WarnAsync(end);
        return code;
    }
}
