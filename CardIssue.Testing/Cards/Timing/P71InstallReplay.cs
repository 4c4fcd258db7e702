using System.Text.Json;

namespace CardIssue.Testing.Cards.Timing;

/// <summary>One measured exchange.</summary>
/// <param name="Header">CLA INS P1 P2 in hexadecimal.</param>
internal sealed record MeasuredExchange(string Header, int CommandBytes, int ResponseBytes, string StatusWord, int Milliseconds);

/// <summary>The install of one application program on a P71, 101 exchanges: the nth command since the reset takes what the nth took there; later ones follow the model.</summary>
public sealed class P71InstallReplay : ICardTiming
{
    private const string Resource = "CardIssue.Testing.Cards.Timing.p71_install.json";
    private readonly P71Timing _model = new();
    private int _next;

    internal static IReadOnlyList<MeasuredExchange> Exchanges { get; } = Read();

    /// <inheritdoc/>
    public TimeSpan Of(ReadOnlySpan<byte> command, int responseLength)
    {
        var at = _next++;
        return at < Exchanges.Count ? TimeSpan.FromMilliseconds(Exchanges[at].Milliseconds) : _model.Of(command, responseLength);
    }

    /// <inheritdoc/>
    public void Restart() => _next = 0;

    private static List<MeasuredExchange> Read()
    {
        using var stream = typeof(P71InstallReplay).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing from this build.");
        using var document = JsonDocument.Parse(stream);
        return [.. document.RootElement.GetProperty("exchanges").EnumerateArray().Select(row => new MeasuredExchange(
            row[0].GetString()!, row[1].GetInt32(), row[2].GetInt32(), row[3].GetString()!, row[4].GetInt32()))];
    }
}
