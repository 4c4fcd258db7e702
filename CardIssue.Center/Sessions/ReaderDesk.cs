using CardIssue.Center.Terminals;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>What the center answers a terminal that wants its reader known.</summary>
/// <param name="Answer">What to send.</param>
/// <param name="Detail">In full, for the log.</param>
/// <param name="List">The list that is in the answer; null where there is none.</param>
internal readonly record struct EnrollmentAnswer(ReaderEnrollment Answer, string Detail, ReaderList? List = null);

/// <summary>The readers that a terminal may use (numeral 216), stated and signed; and those that it asks for.</summary>
internal sealed class ReaderDesk(CenterServices services)
{
    /// <summary>Finds the reader on the terminal's list, or keeps it for a decision.</summary>
    public async Task<EnrollmentAnswer> EnrollAsync(AdmittedTerminal asking, EnrollReader request, CancellationToken cancellation)
    {
        var terminal = asking.Identity.Id;
        var list = await ListAsync(terminal, cancellation).ConfigureAwait(false);
        if (list.Entries.Any(entry => Means(entry, request)))
        {
            await services.Terminals.SettleReaderAsync(terminal, request, cancellation).ConfigureAwait(false);
            return new(new ReaderEnrollment(ReaderStanding.Known, asking.Keys.SignReaderList(list)), $"known: {Describe(request)}", list);
        }
        if (!request.Key.IsEmpty && !P256PublicKey.TryParse(request.Key.Span, out _))
            return new(new ReaderEnrollment(ReaderStanding.Refused), $"its key is no point of P-256: {Describe(request)}");
        return await services.Terminals.AskForReaderAsync(terminal, request, cancellation).ConfigureAwait(false) switch
        {
            ReaderRequestAnswer.Kept => new(new ReaderEnrollment(ReaderStanding.Waiting), $"kept for a decision: {Describe(request)}"),
            ReaderRequestAnswer.Waits => new(new ReaderEnrollment(ReaderStanding.Waiting), $"waits for a decision: {Describe(request)}"),
            ReaderRequestAnswer.Declined => new(new ReaderEnrollment(ReaderStanding.Refused), $"declined before: {Describe(request)}"),
            ReaderRequestAnswer.TooMany => new(new ReaderEnrollment(ReaderStanding.Refused), $"{ReaderRequest.MaxWaiting} readers of this terminal wait already: {Describe(request)}"),
        };
    }

    /// <summary>The readers that a terminal may use now.</summary>
    public async Task<ReaderList> ListAsync(TerminalId terminal, CancellationToken cancellation)
    {
        var known = await services.Terminals.VersionedReadersAsync(terminal, cancellation).ConfigureAwait(false);
        return new ReaderList(terminal, known.Version, services.Time.GetUtcNow(), [.. known.Readers.Select(reader => reader.ToEntry())]);
    }

    /// <summary>A reader that claims a key which the list does not name is another one.</summary>
    private static bool Means(ReaderEntry entry, EnrollReader request) =>
        entry.Fits(request.Identity) && (entry.Key?.Encoded ?? ByteString.Empty) == request.Key;

    private static string Describe(EnrollReader r) =>
        $"{r.Kind} reader, vendor {r.Vendor ?? "not told"}, model {r.Model ?? "not told"}, serial number {r.Serial ?? "not told"}, firmware {r.Firmware ?? "not told"}, "
        + $"port {r.Port ?? "not told"}, {(r.Key.IsEmpty ? "no key" : $"key {r.Key}")}";
}
