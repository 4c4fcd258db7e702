using System.Security.Cryptography;
using CardIssue.Core.Cards.Apdu;

namespace CardIssue.Core.Cards.Pipeline;

/// <summary>Commands as values over a connection of bytes.</summary>
internal static class CardConnections
{
    /// <summary>Sends one command and receives its response.</summary>
    /// <exception cref="CardException">The card or reader went away, did not answer in time, or answered no response.</exception>
    public static async ValueTask<ResponseApdu> TransmitAsync(this ICardConnection connection, CommandApdu command, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        // A short command, too, may answer more than 256 bytes by GET RESPONSE.
        var response = GC.AllocateUninitializedArray<byte>(ResponseApdu.MaxLength, pinned: true);
        var length = 0;
        try
        {
            length = await connection.TransmitAsync(command.ToBytes().Memory, response, cancellation).ConfigureAwait(false);
            return ResponseApdu.Parse(response.AsSpan(0, length));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(response.AsSpan(0, Math.Clamp(length, 0, response.Length)));
        }
    }
}
