/* joined: does nothing: PROG of those that joiner waits for. */
int main(void)
{
    return 0;
}
