using CardIssue.Center.People;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Terminals;

/// <summary>Where a reader stands that a terminal asked for. The numbers are in the store: never change one.</summary>
public enum ReaderRequestState
{
    /// <summary>It waits for a decision.</summary>
    Waiting = 1,
    /// <summary>It was declined; the terminal hears so when it asks again.</summary>
    Declined = 2,
}

/// <summary>A reader that a terminal asked for, as the terminal's driver knows it.</summary>
/// <param name="Id">Its number, never used again.</param>
/// <param name="Terminal">Which terminal asked.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reader">What the reader says of itself; it holds to the limits of <see cref="EnrollReader"/>.</param>
/// <param name="Key">The public key that it claims, an uncompressed P-256 point of 65 bytes, or empty.</param>
/// <param name="AskedAt">When it was first asked for, UTC.</param>
/// <param name="Note">What the operator noted when declining it; else empty.</param>
public sealed record ReaderRequest(
    long Id, TerminalId Terminal, ReaderRequestState State, ReaderIdentity Reader, ByteString Key, DateTimeOffset AskedAt, string Note)
{
    /// <summary>The most requests of one terminal that wait; further ones are not kept. Of the declined ones the latest as many are kept.</summary>
    public const int MaxWaiting = 16;

    /// <summary>The entry that an approval makes of it. All that the reader tells is compared, the port only where there is no serial number.</summary>
    /// <param name="letInWithoutIdentity">The operator's leave for a reader without a serial number; of no effect on others.</param>
    internal ReaderRecord ToRecord(bool letInWithoutIdentity) => new(
        Reader.Kind, Reader.Vendor, Reader.Model, Reader.Serial, Reader.Firmware,
        Reader is { Serial: null, Port: { } port } ? [port] : [], letInWithoutIdentity && Reader.Serial is null, Key);
}

/// <summary>What became of a terminal's request for a reader.</summary>
public enum ReaderRequestAnswer
{
    /// <summary>It is kept now, and waits.</summary>
    Kept,
    /// <summary>It was kept before, and waits.</summary>
    Waits,
    /// <summary>It was declined before.</summary>
    Declined,
    /// <summary>Too many of this terminal wait: it is not kept.</summary>
    TooMany,
}

/// <summary>What became of an operator's decision.</summary>
public enum ReaderDecision
{
    /// <summary>It is carried out.</summary>
    Done,
    /// <summary>There is no such request.</summary>
    NoSuchRequest,
    /// <summary>The reader has no serial number, and the leave to let it in without was not given.</summary>
    NeedsLeave,
    /// <summary>The port that would have to be compared holds a wildcard: add the reader by hand.</summary>
    PortIsPattern,
    /// <summary>The terminal has as many readers as it may, or the list would not fit a message.</summary>
    TooMany,
    /// <summary>The person has not the role for it.</summary>
    NotAllowed,
}

/// <summary>The readers that terminals ask for, and what is decided about them.</summary>
/// <remarks>Every call throws <see cref="Storage.StoreException"/> when the store cannot be read or written.</remarks>
public interface IReaderRequests
{
    /// <summary>Keeps a request, unless it is kept already, was declined, or too many wait.</summary>
    Task<ReaderRequestAnswer> AskForReaderAsync(TerminalId terminal, EnrollReader request, CancellationToken cancellation = default);

    /// <summary>Forgets a request that is settled otherwise.</summary>
    Task SettleReaderAsync(TerminalId terminal, EnrollReader request, CancellationToken cancellation = default);

    /// <summary>Requests of all terminals, oldest first; declined ones too.</summary>
    Task<IReadOnlyList<ReaderRequest>> ReaderRequestsAsync(CancellationToken cancellation = default);

    /// <summary>Adds the reader to those that its terminal may use, and counts their version up.</summary>
    /// <param name="id">The request; one that was declined may be approved later.</param>
    /// <param name="letInWithoutIdentity">The leave that a reader without a serial number needs.</param>
    /// <param name="person">Who decides.</param>
    /// <param name="note">Why; for the log.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<ReaderDecision> ApproveReaderAsync(long id, bool letInWithoutIdentity, CenterPerson person, string note, CancellationToken cancellation = default);

    /// <summary>Declines a request.</summary>
    /// <param name="id">The request.</param>
    /// <param name="note">Why, for other operators.</param>
    /// <param name="person">Who decides.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<ReaderDecision> DeclineReaderAsync(long id, string note, CenterPerson person, CancellationToken cancellation = default);
}
