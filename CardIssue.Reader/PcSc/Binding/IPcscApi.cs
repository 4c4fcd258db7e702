using CardIssue.Core.Primitives;

namespace CardIssue.Reader.PcSc.Binding;

/// <summary>PC/SC's calls with their types; every call may block. One for all platforms.</summary>
internal interface IPcscApi
{
    /// <summary>Whether <see cref="PcscLayout.PlugAndPlay"/> tells of readers that come and go. macOS never does.</summary>
    bool SignalsReaders { get; }

    PcscCode EstablishContext(out nint context);

    PcscCode ReleaseContext(nint context);

    /// <summary>Makes a <see cref="GetStatusChange"/> in another thread return. One that begins later is not concerned.</summary>
    PcscCode Cancel(nint context);

    PcscCode ListReaders(nint context, out IReadOnlyList<string> readers);

    /// <summary>Returns as soon as a state is another one than is known of it.</summary>
    /// <param name="context">The calling thread's own.</param>
    /// <param name="timeout">At most 49 days; null for no limit.</param>
    /// <param name="states">The readers, and what is known of them; filled.</param>
    PcscCode GetStatusChange(nint context, TimeSpan? timeout, Span<ReaderState> states);

    PcscCode Connect(nint context, string reader, PcscShare share, PcscProtocols protocols, out nint card, out PcscProtocols active);

    PcscCode Reconnect(nint card, PcscShare share, PcscProtocols protocols, PcscDisposition initialization, out PcscProtocols active);

    PcscCode Disconnect(nint card, PcscDisposition disposition);

    /// <summary>Reads the ATR of the card that is connected.</summary>
    PcscCode Status(nint card, out ByteString atr);

    /// <param name="card">The connection.</param>
    /// <param name="protocol">The one that is active.</param>
    /// <param name="command">In memory that does not move.</param>
    /// <param name="response">In memory that does not move.</param>
    /// <param name="length">Bytes of the response.</param>
    PcscCode Transmit(nint card, PcscProtocols protocol, ReadOnlySpan<byte> command, Span<byte> response, out int length);

    PcscCode GetAttribute(nint card, PcscAttribute attribute, Span<byte> value, out int length);
}

/// <summary>A reader in <see cref="IPcscApi.GetStatusChange"/>.</summary>
/// <param name="Name">What the system calls it.</param>
internal record struct ReaderState(string Name)
{
    /// <summary>What the caller knows.</summary>
    public PcscState Known { get; set; }

    /// <summary>What is so.</summary>
    public PcscState Event { get; set; }

    /// <summary>The card's answer to reset; empty when there is none.</summary>
    public ByteString Atr { get; set; }
}
