using CardIssue.Core.Cards.Apdu;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>The host's side of an opened secure channel. It exists only after the card's cryptogram was verified. Does no I/O and is not for several threads.</summary>
/// <remarks>Commands may be wrapped ahead of their answers, up to a cap; answers are unwrapped in the order of the commands. Wrapping is deterministic:
/// two sessions of the same keys make the same bytes of the same commands. Disposing it zeroes its keys.</remarks>
public interface ISecureChannelSession : IDisposable
{
    /// <summary>The protection that <see cref="ExternalAuthenticate"/> asks for.</summary>
    SecurityLevel Level { get; }

    /// <summary>The most data in bytes that one command carries before it is wrapped.</summary>
    int MaxPlainData { get; }

    /// <summary>The first command: proves the host to the card. Its answer is not protected and not unwrapped: 9000 opens the channel, anything else ends it.</summary>
    /// <exception cref="InvalidOperationException">Asked for twice, or the session is dead.</exception>
    CommandApdu ExternalAuthenticate();

    /// <summary>Protects a command.</summary>
    /// <exception cref="ArgumentException">The command can't be wrapped: extended lengths, too much data, a class with secure messaging already or a channel above 3.</exception>
    /// <exception cref="InvalidOperationException">Before <see cref="ExternalAuthenticate"/>, with too many answers outstanding, or on a dead session.</exception>
    CommandApdu Wrap(CommandApdu command);

    /// <summary>Protects a coded command without leaving a copy of its data in memory.</summary>
    /// <param name="command">The command, short form (ISO 7816-4 5.1): 4 to 261 bytes, its data at most <see cref="MaxPlainData"/>.</param>
    /// <param name="wrapped">Receives the wrapped command; must hold 261 bytes.</param>
    /// <returns>Length of the wrapped command in bytes.</returns>
    /// <exception cref="ArgumentException">As above, or <paramref name="wrapped"/> is too short, or <paramref name="command"/> is no command.</exception>
    /// <exception cref="InvalidOperationException">As above.</exception>
    int Wrap(ReadOnlySpan<byte> command, Span<byte> wrapped);

    /// <summary>Judges the answer to the oldest command whose answer is outstanding. GET RESPONSE and 6Cxx are already settled in it.</summary>
    /// <exception cref="InvalidOperationException">No answer is outstanding, or the session is dead.</exception>
    UnwrapResult Unwrap(ResponseApdu response);
}
